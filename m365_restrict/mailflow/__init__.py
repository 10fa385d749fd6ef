"""What a message would meet: transport layer, inbox layer, delivery. Pure; evaluates stored parameters."""
