"""projektor-ray: how much data to buy from whom, from small pilots.

The method of *Performance Scaling via Optimal Transport* (projektor; Kang, Just, Sahu, Jia; 2023)
as pure functions and immutable values. This package never imports Ray.
"""

__version__ = "0.1.0"
