@echo off
rem Any verb by hand, with the settings of the jobs, from a prompt that was opened as administrator:
rem   m365-restrict.cmd plan
setlocal
if not defined M365_RESTRICT_ENV_FILE set "M365_RESTRICT_ENV_FILE=%ProgramData%\m365-restrict\settings.env"
"%~dp0current\Scripts\m365-restrict.exe" %*
exit /b %ERRORLEVEL%
