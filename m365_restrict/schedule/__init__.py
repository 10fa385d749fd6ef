"""What runs by itself and when: the jobs, and their timetable. Pure."""
