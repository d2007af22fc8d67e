"""Forms: a typed class is a form, with its markup, its rules and what is wrong with an answer.

class SignUp(Struct):
    name: Annotated[str, Meta(max_length=80)]
    email: Annotated[str, field("E-mail", widget="email")]

app = App(extensions=[Forms()])

@app.route("/sign-up", methods=["GET", "POST"])
async def sign_up(form: HTMLForm[SignUp]) -> HTML | Redirect: ...
"""

from gambrel.forms.extension import Forms
from gambrel.forms.fields import field
from gambrel.forms.form import FormField, HTMLForm
from gambrel.forms.rate import PerClient
from gambrel.forms.step import step
from gambrel.forms.steps import Steps

__all__ = ["FormField", "Forms", "HTMLForm", "PerClient", "Steps", "field", "step"]
