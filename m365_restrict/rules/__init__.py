"""Backend-neutral rules: model, compile, split to limits, stamp, normalise. Pure."""
