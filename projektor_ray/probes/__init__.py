"""How one training runs safely: identity, retries, limits, resources and its cost."""
