package accountresource_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/mailpanel/account-resource/"

// arrows says which packages of this module each package may import. Imports go down only; whoever wants another
// arrow has to argue with this table first.
var arrows = map[string]struct {
	may []string
	why string
}{
	"accountresource/account":  {nil, "plain values import the standard library only"},
	"accountresource/resource": {[]string{"accountresource/account"}, "settings know values, and do no I/O"},
	"accountresource/plan":     {[]string{"accountresource/account"}, "the plan is pure"},
	"backends":                 {[]string{"accountresource/account"}, "a mail store knows neither directory nor plan"},
	"backends/memory":          {[]string{"accountresource/account", "backends"}, "a mail store knows neither directory nor plan"},
	"backends/references":      {[]string{"accountresource/account", "accountresource/dialect"}, "rows that name an address know nothing of accounts"},
	"backends/sqldb":           {[]string{"accountresource/account", "accountresource/dialect", "backends", "backends/references"}, "a mail store knows neither directory nor plan"},
	"backends/openldap":        {[]string{"accountresource/account", "accountresource/dialect", "accountresource/recovered", "backends", "backends/sqldb", "backends/references"}, "a mail store knows neither directory nor plan; usage and deleted mailboxes are in SQL"},
	"backends/appdata":         {[]string{"accountresource/account", "accountresource/dialect", "backends/references"}, "applications know addresses only"},
	"backends/backendtest":     {[]string{"accountresource/account", "backends"}, "the suite sees a backend's public face only"},
	"accountresource/scenario": {
		[]string{"accountresource/account", "accountresource/resource", "accountresource/run", "backends"},
		"scenarios drive the public face of run, on any mail store",
	},
	"accountresource/run": {
		[]string{"accountresource/account", "accountresource/resource", "accountresource/plan", "accountresource/recovered", "backends"},
		"run works through its ports, so that it runs in milliseconds on the memory backend",
	},
	"accountresource/watch": {
		[]string{"accountresource/account", "accountresource/recovered", "accountresource/resource", "accountresource/run"},
		"the watch works through its ports, so that its rules are tested in milliseconds",
	},
	"accountresource/signin": {[]string{"accountresource/account"}, "sign-in works through its ports, so that its rules are tested in milliseconds"},
	"accountresource/directory": {
		[]string{"accountresource/account", "accountresource/recovered", "accountresource/resource", "accountresource/run", "accountresource/signin"},
		"LDAP entries become values at its edge and go no further",
	},
	"accountresource/directory/fakead":     {nil, "the fake directory is a server: it knows nothing of its readers"},
	"accountresource/directory/readertest": {[]string{"accountresource/account", "accountresource/resource", "accountresource/run", "accountresource/signin", "accountresource/directory"}, "the suite sees the reader's public face only"},
	"accountresource/store":                {[]string{"accountresource/account", "accountresource/resource", "accountresource/run", "accountresource/signin", "accountresource/watch", "accountresource/dialect", "accountresource/recovered", "migrations"}, "the store keeps rows and decides nothing"},
	"accountresource/schedule":             {[]string{"accountresource/account", "accountresource/recovered", "accountresource/resource", "accountresource/run"}, "the schedule knows intervals; what a run is, it is told"},
	"accountresource/web":                  {[]string{"accountresource/account", "accountresource/recovered", "accountresource/resource", "accountresource/run", "accountresource/signin", "accountresource/watch", "views", "locales"}, "pages never touch a backend, a directory or the store"},
	"accountresource": {
		[]string{
			"accountresource/account", "accountresource/recovered", "accountresource/resource", "accountresource/run", "accountresource/directory",
			"accountresource/store", "accountresource/schedule", "accountresource/signin", "accountresource/watch", "accountresource/web", "backends", "backends/sqldb",
			"backends/appdata",
		},
		"the door wires the parts",
	},
	"accountresource/recovered": {nil, "a panic becomes an error by the standard library alone"},

	"accountresource/dialect": {nil, "how SQL servers differ is data, and a transaction knows nothing of its work"},
	"views":                   {nil, "embedded files"}, "locales": {nil, "embedded files"}, "migrations": {nil, "embedded files"},
	"examples/panel": {
		[]string{"accountresource", "accountresource/signin", "accountresource/directory/fakead", "backends", "backends/sqldb", "backends/openldap", "examples/panel/vmail"},
		"the example imports the module as a real host would",
	},
	"examples/panel/vmail": {nil, "a schema"},
}

// rooms says where a library may be used at all.
var rooms = map[string]struct {
	packages []string
	why      string
}{
	"github.com/gofiber/fiber/":       {[]string{"accountresource", "accountresource/web", "examples/panel"}, "Fiber only in web and the door"},
	"github.com/go-co-op/gocron/":     {[]string{"accountresource/schedule"}, "gocron only in schedule"},
	"github.com/go-ldap/ldap/":        {[]string{"accountresource/directory", "accountresource/directory/fakead", "accountresource/directory/readertest", "backends/openldap", "examples/panel"}, "go-ldap only in directory and openldap"},
	"github.com/go-asn1-ber/asn1-ber": {[]string{"accountresource/directory", "accountresource/directory/fakead"}, "LDAP's encoding stays with LDAP"},
	"github.com/Masterminds/squirrel": {[]string{"accountresource/store", "backends/sqldb", "backends/references", "backends/appdata"}, "SQL only in store and the mail stores' SQL"},
	"database/sql":                    {[]string{"accountresource", "accountresource/store", "accountresource/dialect", "backends/sqldb", "backends/references", "backends/openldap", "backends/appdata", "examples/panel", "examples/panel/vmail"}, "databases only in store, sqldb and the door"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimSuffix(strings.TrimPrefix(p.ImportPath+"/", module), "/")
		if strings.HasPrefix(name, "integration_test") {
			continue // tests and what starts their servers
		}
		rule, known := arrows[name]
		if !known {
			t.Errorf("package %s is not in the table: say what it may import, and why", name)
			continue
		}
		for _, imported := range p.Imports {
			if inner, ours := strings.CutPrefix(imported, module); ours && !slices.Contains(rule.may, inner) {
				t.Errorf("%s imports %s: %s", name, inner, rule.why)
			}
			for library, room := range rooms {
				if strings.HasPrefix(imported+"/", strings.TrimSuffix(library, "/")+"/") && !slices.Contains(room.packages, name) {
					t.Errorf("%s imports %s: %s", name, imported, room.why)
				}
			}
			if name == "accountresource/account" && strings.Contains(imported, ".") {
				t.Errorf("%s imports %s: %s", name, imported, rule.why)
			}
		}
	}
}

func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	command.Dir = ".."
	output, err := command.Output()
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		all = append(all, p)
	}
	require.NotEmpty(t, all)
	return all
}
