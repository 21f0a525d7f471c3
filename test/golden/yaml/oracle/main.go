// Writes what kubectl makes of the scalars in ../scalars.txt and ../keys.txt behind each of them:
//
//	go run . < ../scalars.txt > new && mv new ../scalars.txt
//
// A line is YAML, a tab, and the JSON; "error" where there is none. Lines of # are kept.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// As apimachinery's util/json: an int64 where the text is one, else a float64.
func convert(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for k, item := range v {
			v[k] = convert(item)
		}
	case []any:
		for i, item := range v {
			v[i] = convert(item)
		}
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return value
}

func read(text string) string {
	body, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return "error"
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return "error"
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(convert(value)); err != nil {
		return "error"
	}
	return strings.TrimSpace(out.String())
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "\t")
		if strings.HasPrefix(text, "#") {
			fmt.Println(text)
			continue
		}
		fmt.Printf("%s\t%s\n", text, read(text))
	}
}
