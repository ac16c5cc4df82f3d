/**
 * Where those leave what they read only to have it near: words that lie anywhere in memory are fetched in a short loop, all at once, since
 * none waits for another; whoever looks at them one by one afterwards finds them in the cache. Were it kept nowhere, the compiler
 * would leave the reading out.
 */
export const near = { seen: 0 };
