// Package dialect says in data how the SQL servers differ, asks a server which it is, and begins and ends transactions.
// Statements are built by those who run them: the module's own tables in store, the mail accounts in backends/sqldb.
//
// It imports the standard library only.
package dialect
