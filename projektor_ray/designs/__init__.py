"""Which mixtures are trained, and the draw D(N, p) of a training set."""
