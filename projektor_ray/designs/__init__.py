"""Which mixtures are trained, and the draw of a training set."""
