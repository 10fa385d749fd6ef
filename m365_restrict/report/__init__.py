"""One document model per run and its faces: console, JSON, HTML."""
