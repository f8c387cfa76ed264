# What `make demo` does on Linux; arguments go to `deskguard demo`.
& "$PSScriptRoot\setup.ps1" demo
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
& "$PSScriptRoot\..\.venv\Scripts\deskguard.exe" demo @args
exit $LASTEXITCODE
