// A walk through the C library: strings, formatting, sorting, scanning, wide characters.
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <ctype.h>
#include <wchar.h>
static int cmp(const void*a,const void*b){return strcmp(*(char**)a,*(char**)b);}
int main(void){
  char text[]="the quick brown fox jumps over the lazy dog and then some more words follow here";
  char *words[64]; int n=0;
  for(char*s=strtok(text," ");s;s=strtok(NULL," ")) words[n++]=strdup(s);
  qsort(words,n,sizeof*words,cmp);
  for(int i=0;i<n;i++){ printf("%-8s|%3zu|%p\n",words[i],strlen(words[i]),(void*)0); }
  for(int len=0;len<64;len++){ char*p=malloc(len+1); memset(p,'a'+len%26,len); p[len]=0; 
    if(strlen(p)!=len) abort(); if(strchr(p,'#')) abort(); if(memchr(p,0,len+1)!=p+len) abort();
    char*q=malloc(len+1); strcpy(q,p); if(strcmp(p,q)) abort(); stpcpy(q,p); strncpy(q,p,len); 
    char b[80]; snprintf(b,sizeof b,"%s-%d",p,len); sscanf(b,"%*[a-z]-%d",&n); free(p); free(q); char*d=strndup(b,len/2); free(d);}
  wchar_t w[20]; swprintf(w,20,L"%ls %d",L"wide",7); printf("%ls %zu\n",w,wcslen(w));
  printf("%f %e %g %a %lld %s\n",3.14159,1e300,0.1,1.5,1LL<<60,strerror(2));
  double d=strtod("1.25e3",NULL); printf("%g %ld\n",d,strtol("0x7f",NULL,0));
  char *buf=NULL; size_t sz; FILE*f=open_memstream(&buf,&sz); fprintf(f,"hello %d",5); fclose(f); printf("%s %zu\n",buf,sz); free(buf);
  return 0;}
