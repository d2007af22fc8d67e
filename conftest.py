"""Run every Python block of the README and of docs/ as a test.

State carries from block to block down a page. `<!--- skip: next "why" -->` leaves a block out;
`tests/docs/test_blocks.py` sees to it that a reason is given.
"""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["*.md"],
    excludes=["examples/*/*.md"],  # their code is in files, with tests
).pytest()
