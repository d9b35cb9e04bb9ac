"""Embedders: samples → feature vectors, for the distance."""

from projektor_ray.embedding.builder import Embedder, build_embedder
from projektor_ray.embedding.config import EmbedderConfig

__all__ = ["Embedder", "EmbedderConfig", "build_embedder"]
