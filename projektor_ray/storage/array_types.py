"""Array types that all rooms share."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""An array of 64-bit floating point numbers."""
