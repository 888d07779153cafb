package accountresource_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/signin"
	"github.com/mailpanel/account-resource/locales"
)

// keysIn are the keys of texts that stand in the source as they are, and what is in front of those that are put
// together.
func keysIn(t *testing.T) (keys map[string]string, prefixes map[string]bool) {
	t.Helper()
	keys, prefixes = make(map[string]string), make(map[string]bool)
	patterns := map[string][]*regexp.Regexp{
		".go": {
			regexp.MustCompile(`\b(?:T|Rich)\("([a-z0-9_]+)"`), regexp.MustCompile(`"((?:problem|reason|refused|failed)_[a-z0-9_]+)"`),
			regexp.MustCompile(`r\.draw\([^"]*"[a-z]+", "([a-z_]+)"`),
		},
		".html": {regexp.MustCompile(`\.(?:T|Rich) "([a-z0-9_]+)"`)},
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
		"signin", "signin_grace", "live",
	}
	all := map[string][]string{
		"tab_":    {"connection", "replication", "users", "groups", "signin", "connection_lead", "replication_lead", "users_lead", "groups_lead", "signin_lead"},
		"option_": {"link", "leave", "off", "directory", "0", "1h", "24h", "7d"}, "what_": {"active", "address", "members", "moderators"},
		"done_":  {"created", "saved", "enabled", "disabled", "deleted", "confirmed", "confirmed_changes", "dismissed", "cancelled", "changed", "idle", "unmarked", "unfit"},
		"chart_": {"new", "changed", "removed", "waiting", "failed"},
		"held_": {string(run.Confirmed), string(run.Dismissed), string(run.PutAway), string(run.Retired),
			string(account.ActionTakenOver), string(account.ActionUnusable), string(account.ActionConflict), string(account.ActionDeleted), string(account.ActionDisabled),
			string(account.ActionEnabled), string(account.ActionLinked), string(account.ActionRenamed), string(account.ActionUpdated)},
		"outcome_": {string(run.Succeeded), string(run.Partial), string(run.Failed), string(run.Interrupted)},
		"trigger_": {string(run.Manual), string(run.Scheduled), string(run.Live)},
		"mode_":    {string(run.Full), string(run.Incremental)},
	}
	for _, v := range signin.Verdicts() {
		all["verdict_"] = append(all["verdict_"], string(v))
	}
	for _, f := range account.AllFields() {
		fields = append(fields, "user_"+f.String())
		all["what_"] = append(all["what_"], f.String())
	}
	all["field_"], all["hint_"] = fields, fields
	for _, k := range resource.Kinds() {
		all["kind_"] = append(all["kind_"], string(k))
	}
	for _, a := range append(account.Actions(), account.ActionTakenOver, account.ActionUnusable) {
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

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// formsOf are the plural forms of a text; one that has none is alone.
func formsOf(text any) map[string]string {
	if one, only := text.(string); only {
		return map[string]string{"": one}
	}
	forms := make(map[string]string)
	for name, form := range text.(map[string]any) {
		forms[name] = form.(string)
	}
	return forms
}

// placeholders are the values that a text names, but for the number: "one" may be a word.
func placeholders(text string) []string {
	names := []string{}
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		if found[1] != "Count" && !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	slices.Sort(names)
	return names
}

// pluralForms are the forms that whole numbers take in a language, each with the numbers that take it, found by asking.
func pluralForms(t *testing.T, tag language.Tag) map[string][]int {
	t.Helper()
	bundle := i18n.NewBundle(tag)
	require.NoError(t, bundle.AddMessages(tag, &i18n.Message{
		ID: "n", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other",
	}))
	localizer := i18n.NewLocalizer(bundle, tag.String())
	numbers := map[string][]int{"other": nil}
	for _, n := range append(rangeTo(200), 1_000_000, 2_000_000) {
		form, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: "n", PluralCount: n})
		require.NoError(t, err)
		numbers[form] = append(numbers[form], n)
	}
	return numbers
}

func rangeTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Every language says all that American English says, with the same values in it and in the forms of its own numbers.
func TestEveryLanguageIsWhole(t *testing.T) {
	names, err := fs.Glob(locales.FS, "*.json")
	require.NoError(t, err)
	read := func(name string) (texts map[string]any) {
		content, err := fs.ReadFile(locales.FS, name)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(content, &texts), name)
		return texts
	}
	american := read("en_US.json")
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			tag, err := language.Parse(strings.TrimSuffix(name, ".json"))
			require.NoError(t, err, "named by its tag")
			numbers := pluralForms(t, tag)
			texts := read(name)
			for key := range texts {
				assert.Contains(t, american, key, "used nowhere")
			}
			for key, original := range american {
				translated, there := texts[key]
				if !assert.True(t, there, "%s is missing", key) {
					continue
				}
				checkText(t, key, formsOf(original), formsOf(translated), numbers)
			}
		})
	}
}

func checkText(t *testing.T, key string, original, translated map[string]string, numbers map[string][]int) {
	t.Helper()
	wanted := []string{""}
	if _, plural := original["other"]; plural {
		wanted = slices.Collect(maps.Keys(numbers))
	}
	assert.ElementsMatch(t, wanted, slices.Collect(maps.Keys(translated)), "the plural forms of %s", key)
	values := placeholders(original[""] + original["other"])
	counted := strings.Contains(original[""]+original["other"], "{{.Count}}")
	for name, text := range translated {
		assert.NotEmpty(t, strings.TrimSpace(text), "%s %s", key, name)
		assert.Equal(t, values, placeholders(text), "%s %s", key, name)
		assert.Equal(t, strings.Count(text, "{{"), len(placeholder.FindAllString(text, -1)), "%s %s: %s", key, name, text)
		if counted && (name == "" || len(numbers[name]) > 1) {
			assert.Contains(t, text, "{{.Count}}", "%s %s is for several numbers", key, name)
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
