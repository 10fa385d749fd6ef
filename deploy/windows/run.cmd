@echo off
rem Started by Task Scheduler: run.cmd schedule, or run.cmd job drift. By hand use m365-restrict.cmd.
rem Task Scheduler keeps no output, so it goes to a log; at 10 MB the log before it gives way.
setlocal
set "DATA=%ProgramData%\m365-restrict"
set "NAME=%~1"
if not "%~2"=="" set "NAME=%~2"
set "LOG=%DATA%\logs\%NAME%.log"
for %%F in ("%LOG%") do if %%~zF GTR 10485760 move /y "%LOG%" "%LOG%.1" >nul
"%~dp0current\Scripts\m365-restrict.exe" %* --env-file "%DATA%\settings.env" >>"%LOG%" 2>&1
exit /b %ERRORLEVEL%
