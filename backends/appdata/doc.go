// Package appdata brings the databases of applications in step when a mail account is renamed or deleted: Roundcube,
// SOGo, Amavisd, iRedAPD and iRedAdmin. What an application knows of an address is data; each may be absent, on
// another server, or down.
//
// It speaks of addresses only, and decides nothing: what is to be done, and again, is told from outside.
package appdata
