// A walk through the C++ library: containers, strings, streams.
#include <iostream>
#include <string>
#include <sstream>
#include <vector>
#include <map>
#include <algorithm>
#include <memory>
int main(){ std::map<std::string,int> m; std::string t="a bb ccc dddd bb a ccc ccc"; std::istringstream is(t); std::string w; while(is>>w) m[w]++;
 for(auto&[k,v]:m) std::cout<<k<<"="<<v<<"\n"; std::vector<std::string> v; for(int i=0;i<100;i++) v.push_back(std::string(i,'x')+std::to_string(i)); std::sort(v.begin(),v.end()); std::cout<<v[50]<<std::endl;
 auto p=std::make_shared<std::string>("shared"); std::cout<<*p<<p.use_count()<<"\n"; std::ostringstream os; os<<1.5<<' '<<std::hex<<255; std::cout<<os.str()<<"\n"; std::cout << m["bb"] << v.size() << std::string("abcdef").find("de") << "\n"; }
