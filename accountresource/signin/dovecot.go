package signin

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
)

//go:embed dovecot
var dovecotFiles embed.FS

var dovecotTemplates = template.Must(template.ParseFS(dovecotFiles, "dovecot/*"))

// Setup is what has Dovecot ask a panel.
type Setup struct {
	Version string // of Dovecot: 2.3 or 2.4
	Store   string // of the mail accounts: mysql, pgsql or ldap
	URL     string // of the handler
	Token   string
}

// Versions and stores that there are files for.
var (
	DovecotVersions = []string{"2.3", "2.4"}
	DovecotStores   = []string{"mysql", "pgsql", "ldap"}
)

// File is a file of Dovecot's.
type File struct {
	Name string // of a download
	Path string // where it belongs on Debian and Ubuntu; the end of it, where Append is set
	Text string
	// Append says that it belongs at the end of a file that is there; Secret that only root and Dovecot may read it.
	Append, Secret bool
}

var errUnknownSetup = errors.New("no files for this Dovecot")

// DovecotFiles returns what has Dovecot ask the panel after its own passwords and, once the panel said yes, ask the mail accounts whether
// the mailbox may be used.
func DovecotFiles(s Setup) ([]File, error) {
	const lua = "/etc/dovecot/account-resource-sign-in.lua"
	drivers := map[string]string{"mysql": "sql", "pgsql": "sql", "ldap": "ldap"}
	gates := map[string]string{"sql": "passdb_sql_query = COPY-FROM-IREDMAIL", "ldap": "passdb_ldap_filter = COPY-FROM-IREDMAIL"}
	driver, known := drivers[s.Store]
	conf := File{Name: "account-resource.conf", Path: "/etc/dovecot/iredmail/account-resource.conf"}
	switch {
	case !known:
		return nil, fmt.Errorf("%w: mail accounts in %q", errUnknownSetup, s.Store)
	case s.Version == "2.4":
		conf.Path, conf.Append = "/etc/dovecot/dovecot.conf", true
	case s.Version != "2.3":
		return nil, fmt.Errorf("%w: version %q", errUnknownSetup, s.Version)
	}
	script := File{Name: "account-resource-sign-in.lua", Path: lua, Secret: true}
	values := map[string]string{
		"URL": luaText(s.URL), "Token": luaText(s.Token), "Lua": lua, "Driver": driver, "Gate": gates[driver],
		"Accounts": "/etc/dovecot/dovecot-" + s.Store + ".conf",
	}
	for name, file := range map[string]*File{"sign-in.lua": &script, s.Version + ".conf": &conf} {
		var text bytes.Buffer
		if err := dovecotTemplates.ExecuteTemplate(&text, name, values); err != nil {
			return nil, fmt.Errorf("make %s: %w", file.Name, err)
		}
		file.Text = text.String()
	}
	return []File{script, conf}, nil
}

// luaText returns what stands for a text between the quotes of Lua.
func luaText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\x00", `\0`).Replace(text)
}
