const SOURCE = `package main
import ("fmt";"os")
type T struct { a int; bcd string
e map[string]int }
func (t *T) m(x int) (r int, err error) { for i:=0;i<x;i++ { r+=i; if r>5 {break} }
return }
func main(){ fmt.Println("x", os.Args, []int{1,2,3}) }
`;

export async function load() {
  const { format } = await import('@wasm-fmt/gofmt');
  return () => {
    const formatted = format(SOURCE);
    let wrong = '';
    try {
      format('package');
    } catch (error) {
      wrong = error.message;
    }
    return [formatted, format(formatted) === formatted, wrong].join('\n');
  };
}
