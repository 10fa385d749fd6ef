"""What the council decided: cases, measures, choices, reviews and the evidence of approval. Pure."""
