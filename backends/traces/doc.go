// Package traces renames and removes what a mail address leaves behind in SQL tables: forwardings, rights, usage, the
// rows of applications. Where an address stands is data (Table); how rows follow it is written once.
//
// It knows SQL and nothing of accounts, plans or directories.
package traces
