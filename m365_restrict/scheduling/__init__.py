"""Running jobs by their timetable: APScheduler, the lease of the scheduler, child processes."""
