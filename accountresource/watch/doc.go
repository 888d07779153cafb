// Package watch notices that a directory has changed, and wakes a run. It reads no objects, and decides nothing: a sign that is lost or comes
// twice costs nothing, since the run reads what changed by its own watermark.
//
// It declares the ports it works through (Directory, Runs, Watches) and knows neither LDAP nor databases.
package watch
