// Command panel is a small mail-admin panel: the demo of Account Resources, and the proof that a host needs nothing
// but accountresource.Register.
//
// Without settings it runs in a temporary folder with SQLite and a fake Active Directory. The environment says
// otherwise: see config.go.
package main
