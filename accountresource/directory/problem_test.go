package directory_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// wantProblem wants one problem at the field, with a sentence that exists, has all its values and holds no secret.
func wantProblem(t *testing.T, err error, field, key string, says ...string) {
	t.Helper()
	require.Error(t, err)
	problems := resource.ProblemsOf(err)
	require.Len(t, problems, 1, "%v", err)
	p := problems[0]
	assert.Equal(t, field, p.Field, "%v", err)
	assert.Equal(t, "problem_"+key, p.Message.Key, "%v", err)
	sentence := sentenceOf(t, p)
	for _, part := range says {
		assert.Contains(t, sentence, part)
	}
	for _, text := range []string{sentence, err.Error()} {
		assert.NotContains(t, text, "bind-Secret-7")
	}
	for _, raw := range []string{"dial tcp", "read tcp", "i/o timeout", "connection refused", "x509:", "tls:", "LDAP Result Code", "EOF"} {
		assert.NotContains(t, sentence, raw, "Go's own words are for the log")
	}
}

func sentenceOf(t *testing.T, p *resource.Problem) string {
	t.Helper()
	content, err := os.ReadFile("../../locales/en_US.json")
	require.NoError(t, err)
	var texts map[string]any
	require.NoError(t, json.Unmarshal(content, &texts))
	text, ok := texts[p.Message.Key].(string)
	require.True(t, ok, "no sentence for %s", p.Message.Key)
	var b strings.Builder
	sentence := template.Must(template.New("").Option("missingkey=error").Parse(text))
	require.NoError(t, sentence.Execute(&b, p.Message.Args), p.Message.Key)
	return b.String()
}
