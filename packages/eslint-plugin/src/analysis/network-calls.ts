import { isFunction, nameOf, unwrap, unwrapAwait, walk, type Node } from './estree.ts'
import type { TransactionFacts } from './transaction-facts.ts'

const networkModules =
  /^(?:axios|got|ky|undici|node-fetch|cross-fetch|isomorphic-fetch|superagent|needle|phin|openai|stripe|resend|nodemailer|twilio|@anthropic-ai\/.*|@aws-sdk\/.*|@google-cloud\/.*|@azure\/.*|@octokit\/.*|octokit|@sendgrid\/.*|@slack\/web-api|ai|@ai-sdk\/.*|ollama|amqplib|kafkajs|googleapis|@elastic\/elasticsearch|@opensearch-project\/.*|minio|meilisearch|algoliasearch|playwright.*|puppeteer.*)$/

/** Whether a call waits for the network or for time to pass. */
export function isNetworkCall(node: Node, { names, receivers, sql }: TransactionFacts): boolean {
  if (node.type === 'NewExpression') {
    // `await new Promise((resolve) => setTimeout(resolve, 100))`
    return nameOf(node.callee) === 'Promise' && callsTimer(node)
  }
  const callee = node.callee && unwrap(node.callee)
  if (!callee) return false
  if (callee.type === 'Identifier') {
    const name = String(callee.name)
    if (name === 'fetch')
      return names.lookUp(name, callee) === undefined || isNetwork(receivers.moduleNameOf(callee)?.module)
    const found = receivers.moduleNameOf(callee)
    if (found) return isNetwork(found.module) || /^(?:node:)?timers\/promises$/.test(found.module)
    const target = sql.functionOf(callee)
    return target !== undefined && !hasAwait(target) && callsTimer(target)
  }
  if (callee.type !== 'MemberExpression' || !callee.object) return false
  const found = receivers.moduleNameOf(callee)
  if (found) return isNetwork(found.module)
  let root = unwrap(callee.object)
  while (root.type === 'MemberExpression' && root.object) root = unwrap(root.object)
  const made = unwrapAwait(sql.resolve(root))
  const maker = (made.type === 'NewExpression' || made.type === 'CallExpression') && made.callee
  return maker ? isNetwork(receivers.moduleNameOf(maker)?.module) : false
}

function isNetwork(module: string | undefined): boolean {
  return module !== undefined && networkModules.test(module)
}

function callsTimer(node: Node): boolean {
  let found = false
  walk(node, (inner) => {
    if (inner.type === 'CallExpression' && nameOf(inner.callee) === 'setTimeout') found = true
    return !found
  })
  return found
}

function hasAwait(target: Node): boolean {
  let found = false
  walk(target, (inner) => {
    if (inner !== target && isFunction(inner)) return false
    if (inner.type === 'AwaitExpression' && inner.argument && unwrap(inner.argument).type !== 'NewExpression')
      found = true
    return !found
  })
  return found
}
