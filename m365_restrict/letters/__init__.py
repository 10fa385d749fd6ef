"""Letters of a case: gathered from the register, drafted, filed in the library."""
