package accountresource_test

import (
	"cmp"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/locales"
)

// The admin's own language comes first, else the browser's, however either is written.
func TestThePageIsInTheLanguageOfTheAdmin(t *testing.T) {
	h := newHost(t)
	for _, c := range []struct{ admin, browser, want string }{
		{"de", "fr", "de"}, {"de_AT", "", "de"}, {"pt-BR", "", "pt-BR"}, {"pt_BR", "de", "pt-BR"}, {"pt_PT", "", "pt-BR"},
		{"zh_TW", "", "zh-TW"}, {"zh-Hant", "", "zh-TW"}, {"zh-Hant-HK", "", "zh-TW"}, {"zh-Hans", "", "zh-CN"}, {"zh_CN", "zh-TW", "zh-CN"},
		{"", "ja,en;q=0.5", "ja"}, {"", "tlh, tr;q=0.8", "tr"}, {"xx", "es-MX", "es"}, {"", "ar-EG", "ar"}, {"en_GB", "de", "en-US"},
		{"xx", "", "en-US"}, {"not a tag!", "also not", "en-US"},
	} {
		if _, err := fs.Stat(locales.FS, strings.ReplaceAll(c.want, "-", "_")+".json"); err != nil {
			continue
		}
		direction := map[bool]string{true: "rtl", false: "ltr"}[c.want == "ar"]
		page := h.get("/account-resources", "X-Language", cmp.Or(c.admin, "none"), "Accept-Language", c.browser).body
		assert.Contains(t, page, `<html lang="`+c.want+`" dir="`+direction+`">`, "%+v", c)
	}
}

// Big numbers are written as the language does, and choose their plural form all the same.
func TestNumbersAreWrittenAsTheLanguageDoes(t *testing.T) {
	h := newHost(t)
	base := h.add()
	h.link(1234, "created")
	for language, want := range map[string]string{"en_US": "1,234", "de": "1.234", "ja": "1,234", "ru": "1\u00a0234", "pl": "1\u00a0234"} {
		if _, err := fs.Stat(locales.FS, language+".json"); err == nil {
			assert.Contains(t, h.get(base+"?tab=replication", "X-Language", language).body, want, language)
		}
	}
}

// Every page can be drawn in every language, and none shows a key or a value that is missing.
func TestEveryPageInEveryLanguage(t *testing.T) {
	h := newHost(t)
	base := h.add()
	names, err := fs.Glob(locales.FS, "*.json")
	require.NoError(t, err)
	for _, name := range names {
		for _, path := range []string{"/account-resources", base, base + "?tab=replication", base + "?tab=users", base + "?tab=groups", base + "/log"} {
			a := h.get(path, "X-Language", strings.TrimSuffix(name, ".json"))
			require.Equal(t, 200, a.status, "%s %s", name, path)
			assert.NotContains(t, a.body, "no value", "%s %s", name, path)
			assert.NotRegexp(t, `>(field|hint|tab|list|show|card|effect)_[a-z_]+<`, a.body, "%s %s", name, path)
		}
	}
}
