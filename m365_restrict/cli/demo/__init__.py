"""`m365-restrict demo`: the main job on an invented council, told as it happens."""
