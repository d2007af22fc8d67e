"""What the pages show: a name from the session, a row of the database, ten rows; fifty people."""

from dataclasses import dataclass

NAME = "Ada & Grace <admins>"
PRODUCTS = [(number, f"Product <{number}>", number * 100) for number in range(1, 101)]
ROWS = [{"sku": f"S-{number:03}", "stock": number * 3} for number in range(1, 11)]


@dataclass(slots=True)
class Person:
    id: int
    name: str
    email: str
    city: str
    cents: int


PEOPLE = [
    Person(number, f"Ada <{number}> & sons", f"ada{number}@example.org", "Leipzig", number * 199)
    for number in range(1, 51)
]
KEY = "only-for-the-benchmark-never-used-for-anything-real"
