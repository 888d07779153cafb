//go:build integration

package appdata_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/appdata"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// tables are what the applications keep, as far as addresses go: v text, i number, b bytes, p the primary key.
var tables = map[appdata.Kind]string{
	appdata.Roundcube: `
		users user_id:p username:v mail_host:v
		identities identity_id:p user_id:i email:v reply-to:v bcc:v
		contacts contact_id:p user_id:i email:v
		contactgroups contactgroup_id:p user_id:i
		contactgroupmembers contactgroup_id:i contact_id:i
		dictionary user_id:i language:v`,
	appdata.SOGo: `
		sogo_user_profile c_uid:v c_defaults:v c_settings:v
		sogo_folder_info c_folder_id:p c_path:v c_path2:v
		sogo_store c_folder_id:i c_name:v
		sogo_acl c_folder_id:i c_object:v c_uid:v
		sogo_cache_folder c_uid:v c_path:v
		sogo_alarms_folder c_path:v c_uid:v`,
	appdata.Amavisd: `
		users id:p email:b
		policy id:p policy_name:v
		mailaddr id:p email:b
		wblist rid:i sid:i
		outbound_wblist rid:i sid:i`,
	appdata.IRedAPD: `
		throttle id:p account:v kind:v
		throttle_tracking id:p tid:i account:v
		greylisting id:p account:v sender:v
		greylisting_whitelists id:p account:v sender:v
		greylisting_tracking id:p sender:v recipient:v`,
	appdata.IRedAdmin: `
		settings id:p account:v k:v`,
}

type application struct {
	t    *testing.T
	db   *sql.DB
	app  *appdata.Application
	mark string // how an identifier is quoted
}

func newApplication(t *testing.T, kind appdata.Kind, database servers.Database) *application {
	t.Helper()
	a := &application{t: t, db: database.Open(t), mark: "`"}
	types := map[string]string{"v": "VARCHAR(255)", "i": "INT", "b": "VARBINARY(255)", "p": "INT PRIMARY KEY"}
	if database.Driver == "postgres" {
		a.mark, types["b"] = `"`, "BYTEA"
	}
	for line := range strings.Lines(strings.TrimSpace(tables[kind])) {
		words := strings.Fields(line)
		var columns []string
		for _, word := range words[1:] {
			name, kind, _ := strings.Cut(word, ":")
			columns = append(columns, a.mark+name+a.mark+" "+types[kind])
		}
		if words[0] == "throttle_tracking" {
			columns = append(columns, "FOREIGN KEY (tid) REFERENCES throttle (id)")
		}
		a.exec("CREATE TABLE " + words[0] + " (" + strings.Join(columns, ", ") + ")")
	}
	var err error
	a.app, err = appdata.New(kind, a.db)
	require.NoError(t, err)
	return a
}

func (a *application) exec(query string) {
	a.t.Helper()
	_, err := a.db.ExecContext(a.t.Context(), query)
	require.NoError(a.t, err, query)
}

// fill inserts rows, each "table value value ..."; text in single quotes, anything else as it is.
func (a *application) fill(rows ...string) {
	a.t.Helper()
	for _, r := range rows {
		table, values, _ := strings.Cut(r, " ")
		a.exec("INSERT INTO " + table + " VALUES (" + values + ")")
	}
}

// rows are a table's rows, their values joined by blanks.
func (a *application) rows(query string) (all []string) {
	a.t.Helper()
	rows, err := a.db.QueryContext(a.t.Context(), query)
	require.NoError(a.t, err, query)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(a.t, err)
	for rows.Next() {
		values, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(a.t, rows.Scan(into...))
		var texts []string
		for _, v := range values {
			texts = append(texts, v.String)
		}
		all = append(all, strings.Join(texts, " "))
	}
	require.NoError(a.t, rows.Err())
	return all
}

const ann, anna, bob = "ann@example.com", "anna@example.com", "bob@example.com"

// twice does the work again, which must change nothing.
func (a *application) twice(work func() error) {
	a.t.Helper()
	require.NoError(a.t, work())
	require.NoError(a.t, work(), "again is harmless")
}

func (a *application) rename() {
	a.t.Helper()
	a.twice(func() error { return a.app.Rename(a.t.Context(), []account.Move{{From: ann, To: anna}}) })
}

func (a *application) remove() {
	a.t.Helper()
	a.twice(func() error { return a.app.Delete(a.t.Context(), []string{ann, "nobody@example.com"}) })
}

func (a *application) want(query string, rows ...string) {
	a.t.Helper()
	assert.Empty(a.t, cmp.Diff(rows, a.rows(query)), query)
}

func onBoth(t *testing.T, kind appdata.Kind, test func(*application)) {
	t.Run("MariaDB", func(t *testing.T) { test(newApplication(t, kind, servers.MariaDB(t))) })
	t.Run("PostgreSQL", func(t *testing.T) { test(newApplication(t, kind, servers.PostgreSQL(t))) })
}

func TestR8_R14_Roundcube(t *testing.T) {
	fill := func(a *application) {
		a.fill("users 1, '"+ann+"', 'localhost'", "users 2, '"+bob+"', 'localhost'",
			"identities 1, 1, '"+ann+"', '"+ann+"', ''", "identities 2, 2, '"+bob+"', '', '"+ann+"'",
			"contacts 1, 1, '"+bob+"'", "contacts 2, 2, '"+ann+"'", "contactgroups 1, 1", "contactgroups 2, 2",
			"contactgroupmembers 1, 1", "contactgroupmembers 2, 2", "dictionary NULL, 'en'", "dictionary 1, 'en'")
	}
	onBoth(t, appdata.Roundcube, func(a *application) {
		fill(a)
		a.fill("users 3, '" + anna + "', 'localhost'") // signed in before this was done
		a.rename()
		a.want("SELECT user_id, username FROM users ORDER BY 1", "1 "+anna, "2 "+bob)
		a.want("SELECT email, "+a.mark+"reply-to"+a.mark+", bcc FROM identities ORDER BY identity_id", anna+" "+anna+" ", bob+"  "+anna)
		a.want("SELECT email FROM contacts ORDER BY 1", ann, bob) // what people wrote into their address books stays
	})
	onBoth(t, appdata.Roundcube, func(a *application) {
		fill(a)
		a.remove()
		a.want("SELECT user_id FROM users", "2")
		a.want("SELECT user_id FROM identities", "2")
		a.want("SELECT contact_id FROM contacts", "2")
		a.want("SELECT contactgroup_id FROM contactgroupmembers", "2")
		a.want("SELECT language FROM dictionary", "en")
	})
}

func TestR8_R14_SOGo(t *testing.T) {
	fill := func(a *application) {
		a.fill(`sogo_user_profile '`+ann+`', '{"mail":"`+ann+`","other":"jo`+ann+`"}', '{}'`,
			`sogo_user_profile '`+bob+`', '{}', '{"SubscribedFolders":["`+ann+`:Calendar/personal"]}'`,
			"sogo_folder_info 1, '/Users/"+ann+"/Calendar/personal', '"+ann+"'", "sogo_folder_info 2, '/Users/"+bob+"/Calendar/personal', '"+bob+"'",
			"sogo_store 1, 'a'", "sogo_store 2, 'b'", "sogo_acl 1, '/"+ann+"/Calendar/personal', '"+bob+"'",
			"sogo_acl 2, '/"+bob+"/Calendar/personal', '"+ann+"'", "sogo_cache_folder '"+ann+"', '/0'",
			"sogo_alarms_folder '/Users/"+ann+"/Calendar/personal', 'event'", "sogo_alarms_folder '/Users/"+bob+"/Calendar/personal', 'event'")
	}
	onBoth(t, appdata.SOGo, func(a *application) {
		fill(a)
		a.rename()
		a.want("SELECT c_uid, c_defaults, c_settings FROM sogo_user_profile ORDER BY 1",
			anna+` {"mail":"`+anna+`","other":"jo`+ann+`"} {}`, bob+` {} {"SubscribedFolders":["`+anna+`:Calendar/personal"]}`)
		a.want("SELECT c_path, c_path2 FROM sogo_folder_info ORDER BY c_folder_id",
			"/Users/"+anna+"/Calendar/personal "+anna, "/Users/"+bob+"/Calendar/personal "+bob)
		a.want("SELECT c_object, c_uid FROM sogo_acl ORDER BY c_folder_id", "/"+anna+"/Calendar/personal "+bob, "/"+bob+"/Calendar/personal "+anna)
		a.want("SELECT c_uid FROM sogo_cache_folder", anna)
		a.want("SELECT c_path FROM sogo_alarms_folder ORDER BY 1", "/Users/"+anna+"/Calendar/personal", "/Users/"+bob+"/Calendar/personal")
	})
	onBoth(t, appdata.SOGo, func(a *application) {
		fill(a)
		a.remove()
		for table, column := range map[string]string{"sogo_user_profile": "c_uid", "sogo_folder_info": "c_path2"} {
			a.want("SELECT "+column+" FROM "+table, bob)
		}
		a.want("SELECT c_name FROM sogo_store", "b")
		a.want("SELECT c_uid FROM sogo_acl")
		a.want("SELECT c_uid FROM sogo_cache_folder")
		a.want("SELECT c_path FROM sogo_alarms_folder", "/Users/"+bob+"/Calendar/personal")
	})
}

func TestR8_R14_Amavisd(t *testing.T) {
	fill := func(a *application) {
		a.fill("users 1, '"+ann+"'", "users 2, '"+bob+"'", "policy 1, '"+ann+"'", "policy 2, '@.'",
			"mailaddr 1, '"+ann+"'", "mailaddr 2, 'spammer@elsewhere.example'",
			"wblist 1, 2", "wblist 2, 1", "outbound_wblist 2, 1", "outbound_wblist 1, 2")
	}
	onBoth(t, appdata.Amavisd, func(a *application) {
		fill(a)
		a.rename()
		a.want("SELECT email FROM users ORDER BY id", anna, bob)
		a.want("SELECT policy_name FROM policy ORDER BY id", anna, "@.")
		a.want("SELECT email FROM mailaddr ORDER BY id", anna, "spammer@elsewhere.example")
	})
	onBoth(t, appdata.Amavisd, func(a *application) {
		fill(a)
		a.fill("mailaddr 3, '" + anna + "'") // known under the new address already, and listed under both
		a.rename()
		a.want("SELECT email FROM mailaddr ORDER BY id", ann, "spammer@elsewhere.example", anna)
	})
	onBoth(t, appdata.Amavisd, func(a *application) {
		fill(a)
		a.remove()
		a.want("SELECT email FROM users", bob)
		a.want("SELECT policy_name FROM policy", "@.")
		a.want("SELECT rid, sid FROM wblist", "2 1")
		a.want("SELECT rid, sid FROM outbound_wblist", "1 2")
		a.want("SELECT COUNT(*) FROM mailaddr", "2") // others list the address: their affair
	})
}

func TestR8_R14_IRedAPDAndIRedAdmin(t *testing.T) {
	fill := func(a *application) {
		a.fill("throttle 1, '"+ann+"', 'outbound'", "throttle 2, '@example.com', 'outbound'",
			"throttle_tracking 1, 1, '"+ann+"'", "throttle_tracking 2, 2, '"+ann+"'", "throttle_tracking 3, 2, '"+bob+"'",
			"greylisting 1, '"+ann+"', '@.'", "greylisting 2, '"+bob+"', '"+ann+"'", "greylisting_whitelists 1, '"+bob+"', '"+ann+"'",
			"greylisting_tracking 1, 'x@elsewhere.example', '"+ann+"'")
	}
	onBoth(t, appdata.IRedAPD, func(a *application) {
		fill(a)
		a.rename()
		a.want("SELECT account FROM throttle ORDER BY id", anna, "@example.com")
		a.want("SELECT account FROM throttle_tracking ORDER BY id", anna, anna, bob)
		a.want("SELECT account, sender FROM greylisting ORDER BY id", anna+" @.", bob+" "+anna)
		a.want("SELECT sender FROM greylisting_whitelists", anna)
	})
	onBoth(t, appdata.IRedAPD, func(a *application) {
		fill(a)
		a.remove()
		a.want("SELECT account FROM throttle", "@example.com")
		a.want("SELECT account FROM throttle_tracking", bob)
		a.want("SELECT id FROM greylisting", "2")
		a.want("SELECT id FROM greylisting_whitelists")
		a.want("SELECT id FROM greylisting_tracking")
	})
	onBoth(t, appdata.IRedAdmin, func(a *application) {
		a.fill("settings 1, 'global', 'a'", "settings 2, '"+ann+"', 'a'", "settings 3, '"+bob+"', 'a'")
		a.rename()
		a.want("SELECT account FROM settings ORDER BY id", "global", anna, bob)
		require.NoError(a.t, a.app.Delete(a.t.Context(), []string{anna}))
		a.want("SELECT account FROM settings ORDER BY id", "global", bob)
	})
}

func TestADatabaseThatIsNotTheApplicationsIsRefused(t *testing.T) {
	db := servers.MariaDB(t).Open(t)
	app, err := appdata.New(appdata.SOGo, db)
	require.NoError(t, err)
	require.Error(t, app.Delete(t.Context(), []string{ann}))
	_, err = appdata.New("exchange", db)
	require.Error(t, err, fmt.Sprint(appdata.Kinds()))
}
