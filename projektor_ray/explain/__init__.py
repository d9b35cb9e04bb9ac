"""Explain a result: every sentence and table of text that a person reads about it.

`results_of_study` and `results_of_table` collect the numbers in one `Results`; functions of this
room turn them into `Fact`s and `TextTable`s. Terminal, page, JSON and service all show these.
"""

from projektor_ray.explain.facts import Fact, TextTable, fact

__all__ = ["Fact", "TextTable", "fact"]
