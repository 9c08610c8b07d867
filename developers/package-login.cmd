@echo off
rem package-login on Windows: runs the script beside this file by the shell of Git for Windows, from cmd and PowerShell.
rem For PowerShell's environment: package-login env powershell | Out-String | Invoke-Expression
setlocal
set "SH="
for %%I in (sh.exe) do set "SH=%%~$PATH:I"
if not defined SH for %%I in (git.exe) do if exist "%%~dp$PATH:I..\bin\sh.exe" set "SH=%%~dp$PATH:I..\bin\sh.exe"
if not defined SH if exist "%ProgramFiles%\Git\bin\sh.exe" set "SH=%ProgramFiles%\Git\bin\sh.exe"
if not defined SH (
  echo package-login: no sh.exe: install Git for Windows, https://git-scm.com 1>&2
  exit /b 1
)
"%SH%" "%~dp0package-login" %*
exit /b %ERRORLEVEL%
