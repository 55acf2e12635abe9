// Globals that invite false alarms: folded indices, end pointers, flexible arrays, walked sections, unions.
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#define NI __attribute__((noinline))
int n=3; int arr[10]={1,2,3,4,5,6,7,8,9,10}; static const char upper[48]="ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRST"; static const char digits[10]={'0','1','2','3','4','5','6','7','8','9'};
static const signed char hex[256]={['0']=0,1,2,3,4,5,6,7,8,9,['a']=10,11,12,13,14,15};
struct flex { int n; char d[]; } fx = {3,{'a','b','c'}}; struct flex fy={2,{'x','y'}}; 
struct nest { int k; struct flex f; };
char cbuf[16]; int ints[4]; short sh[3]; long long ll[2]; char tail[5];
int matrix[3][4]; union { char c[8]; double d; } u;
static int bss1[1]; static int bss2[2]; static char c1, c2, c3; 
struct reg { const char*name; int v; };
__attribute__((section("regs"), used)) static struct reg ra={"a",1}; __attribute__((section("regs"), used)) static struct reg rb={"b",2}; __attribute__((section("regs"), used)) static struct reg rc={"c",3};
extern struct reg __start_regs[], __stop_regs[];
// Linked though nothing refers to it, in front of a table whose index starts elsewhere.
__attribute__((used)) static const char rcsid[40] = "$Id: awkward.c,v 1.1 $"; static const char lower[10] = "zyxwvutsrq";
NI int low(int c){ return lower[c-'0']+lower[c-'0'+0]; }
static int ones[6]; static int counted[9];
#define COUNTED(i) (counted - 1)[i]
NI int one_based(int i){ return COUNTED(i)+ones[i-1>5?5:i-1]; }
NI int f1(int i){ return arr[i-1]+arr[9-i]; }
NI int f2(int c){ return digits[c-'0']+upper[c-'0']; }
NI int f3(const char*s){ int v=0; while(*s) v=v*16+hex[(unsigned char)*s++]; return v; }
NI char*itoa_(int v){ char*p=cbuf+sizeof cbuf; *--p=0; do{*--p='0'+v%10; v/=10;}while(v); return p; }
NI int sum(int*b,int*e){ int s=0; while(b!=e) s+=*b++; return s; }
NI int rev(int k){ int s=0; for(int*p=arr+k;p-->arr;) s+=*p; return s; }
NI int back(int k){ return *(arr+10-k); }
NI int regs(void){ int s=0; for(struct reg*r=__start_regs;r<__stop_regs;r++) s+=r->v; return s; }
NI int sel(int c,int i){ int*p=c?ints:arr; return p[i]; }
NI int sw(int k,int i){ switch(k){case 0:return arr[i];case 1:return ints[i];case 2:return sh[i];case 3:return (int)ll[i];default:return tail[i];} }
NI int mat(int r,int c){ return matrix[r][c]+((int*)matrix)[r*4+c]; }
NI void shift(int k){ for(int i=9;i>0;i--) arr[i]=arr[i-1]; for(int i=0;i<9;i++) arr[i]=arr[i+1]; memmove(arr,arr+1,sizeof arr-sizeof*arr); }
NI int flexs(struct flex*f){ int s=0; for(int i=0;i<f->n;i++) s+=f->d[i]; return s; }
NI int flexd(int i){ return fx.d[i]+fy.d[i]; }
NI int glob_idx(void){ static int k=2; return arr[k-1]+arr[--k]; }
int cmp(const void*a,const void*b){return *(int*)a-*(int*)b;}
int main(int argc,char**argv){ long t=0;
 for(int i=1;i<=9;i++) t+=f1(i)+back(i)+rev(i); for(int c='0';c<='9';c++) t+=f2(c); for(int c='0';c<='9';c++) t+=low(c); for(int i=1;i<=9;i++) t+=one_based(i); t+=f3("deadbeef"); puts(itoa_(12345)); t+=sum(arr,arr+10)+sum(ints,ints+4)+regs();
 for(int i=0;i<4;i++) t+=sel(1,i)+sel(0,i+6); for(int k=0;k<5;k++) for(int i=0;i<2;i++) t+=sw(k,i); for(int r=0;r<3;r++)for(int c=0;c<4;c++) t+=mat(r,c); shift(3);
 t+=flexs(&fx)+flexs(&fy)+flexd(1)+glob_idx(); memset(cbuf,0,sizeof cbuf); memcpy(cbuf,upper,sizeof cbuf); memset(&u,0,sizeof u); u.d=1.5; for(int i=0;i<8;i++) t+=u.c[i];
 qsort(arr,10,sizeof*arr,cmp); for(int i=0;i<2;i++) bss2[i]=bss1[0]+i; c1=c2=c3=1; t+=bss2[1]+c1+c2+c3; strcpy(tail,"abcd"); printf("%ld %s %.*s %d\n",t,tail,16,cbuf,n); return 0; }
