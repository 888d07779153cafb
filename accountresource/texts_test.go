package accountresource_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/locales"
)

// keysIn are the keys of texts that stand in the source as they are, and what is in front of those that are put
// together.
func keysIn(t *testing.T) (keys map[string]string, prefixes map[string]bool) {
	t.Helper()
	keys, prefixes = make(map[string]string), make(map[string]bool)
	patterns := map[string][]*regexp.Regexp{
		".go": {
			regexp.MustCompile(`\bT\("([a-z0-9_]+)"`), regexp.MustCompile(`"((?:problem|reason|refused|failed)_[a-z0-9_]+)"`),
			regexp.MustCompile(`r\.draw\([^"]*"[a-z]+", "([a-z_]+)"`),
		},
		".html": {regexp.MustCompile(`\.T "([a-z0-9_]+)"`)},
	}
	problem := regexp.MustCompile(`NewProblem\([^,]+, "([a-z0-9_]+)"`)
	composed := regexp.MustCompile(`printf "([a-z_]+_)%s"`)
	for _, root := range []string{".", "../views"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			for _, pattern := range patterns[filepath.Ext(path)] {
				for _, found := range pattern.FindAllStringSubmatch(string(content), -1) {
					keys[found[1]] = path
				}
			}
			for _, found := range problem.FindAllStringSubmatch(string(content), -1) {
				keys["problem_"+found[1]] = path
			}
			for _, found := range composed.FindAllStringSubmatch(string(content), -1) {
				prefixes[found[1]] = true
			}
			return err
		}))
	}
	return keys, prefixes
}

// composedKeys are what stands behind each prefix.
func composedKeys() map[string][]string {
	fields := []string{
		"domain", "host", "port", "tls", "timeout", "base_dn", "bind_dn", "bind_password", "ca_certificate", "interval", "groups",
		"existing_accounts", "delete", "keep_days", "delete_app_data", "disable_removed", "max_removals", "max_removal_percent",
		"user_filter", "user_mail", "user_status", "group_filter", "group_mail", "group_name", "group_moderator", "access_policy",
	}
	all := map[string][]string{
		"tab_":    {"connection", "replication", "users", "groups", "connection_lead", "replication_lead", "users_lead", "groups_lead"},
		"option_": {"link", "leave"}, "what_": {"active", "address", "members", "moderators"},
		"done_":    {"created", "saved", "enabled", "disabled", "deleted", "confirmed", "dismissed", "cancelled", "idle", "unmarked"},
		"chart_":   {"new", "changed", "removed", "waiting", "failed"},
		"held_":    {string(run.Confirmed), string(run.Dismissed)},
		"outcome_": {string(run.Succeeded), string(run.Partial), string(run.Failed), string(run.Interrupted)},
		"trigger_": {string(run.Manual), string(run.Scheduled), string(run.Live)},
		"mode_":    {string(run.Full), string(run.Incremental)},
	}
	for _, f := range account.AllFields() {
		fields = append(fields, "user_"+f.String())
		all["what_"] = append(all["what_"], f.String())
	}
	all["field_"], all["hint_"] = fields, fields
	for _, k := range resource.Kinds() {
		all["kind_"] = append(all["kind_"], string(k))
	}
	for _, a := range account.Actions() {
		all["action_"] = append(all["action_"], string(a))
	}
	for _, p := range run.Phases() {
		all["phase_"] = append(all["phase_"], string(p))
	}
	for _, p := range resource.AccessPolicies() {
		all["option_"] = append(all["option_"], string(p))
	}
	return all
}

// Nobody is ever shown a key, and nobody translates a sentence that is never shown.
func TestEveryTextIsThereAndUsed(t *testing.T) {
	content, err := fs.ReadFile(locales.FS, "en_US.json")
	require.NoError(t, err)
	var texts map[string]any
	require.NoError(t, json.Unmarshal(content, &texts))
	keys, prefixes := keysIn(t)
	composed := composedKeys()
	for prefix := range prefixes {
		assert.Contains(t, composed, strings.TrimSuffix(prefix, "user_"), "what stands behind it?")
	}
	for prefix, names := range composed {
		for _, name := range names {
			keys[prefix+name] = "put together"
		}
	}
	delete(keys, "done_") // put together in Go
	for key, path := range keys {
		assert.Contains(t, texts, key, path)
	}
	source := sourceOf(t)
	for key := range texts {
		name := strings.TrimPrefix(key, "problem_")
		if _, used := keys[key]; !used && !strings.Contains(source, `"`+name+`"`) && !strings.Contains(source, `"`+strings.TrimSuffix(name, "_proposal")+`"`) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

// sourceOf is all Go code of the module's packages that is no test.
func sourceOf(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		all.Write(content)
		return err
	}))
	return all.String()
}
