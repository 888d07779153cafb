// Package references renames and removes what refers to a mail address in SQL tables: forwardings, rights, usage, the
// rows of applications. Which columns hold an address is data (Table); how rows follow it is written once.
//
// It knows SQL and nothing of accounts, plans or directories.
package references
