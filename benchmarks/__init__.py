"""Side-by-side measurements of Gambrel and its peers; run `python -m benchmarks --help`.

Standard library only, Linux only, nothing here is shipped. The method is in README.md.
"""
