"""An embedded tenant that imitates recorded facts, for trying and testing without a real one."""
