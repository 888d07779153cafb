// Package sqldb is iRedMail's SQL account store: the "vmail" database on MariaDB/MySQL and PostgreSQL, and on SQLite for trying
// out. The code is one; how servers differ is data (package dialect).
//
// The database is somebody else's and of any recent version: columns are found out once, what is missing is left out,
// what is unknown is kept. It imports account, dialect, backends and backends/references only.
package sqldb
