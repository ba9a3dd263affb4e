import { Refusal } from '../../policy/reasons.ts'

/** How the issuer says that somebody has logged out there. */
export type LogoutChannel = 'back' | 'front'

/** Why such a logout does not count. */
type LogoutFault = 'malformed' | 'unsigned' | 'expired' | 'foreign' | 'repeated' | 'unavailable'

/** What became of it. */
type LogoutOutcome = 'accepted' | LogoutFault

/** Hears what became of one. */
export type ReportLogout = (logout: {
  readonly channel: LogoutChannel
  readonly outcome: LogoutOutcome
  readonly requestId: string
}) => void

/** The refusal of a logout that the issuer said, or that somebody made up. */
export class LogoutRefusal extends Refusal {
  readonly fault: LogoutFault

  constructor(fault: Exclude<LogoutFault, 'unavailable'>, message: string) {
    super('malformed', message)
    this.fault = fault
  }
}

/** Whatever is no fault of the logout: the issuer's keys cannot be read, or Redis is down. */
export function faultOf(error: unknown): LogoutFault {
  return error instanceof LogoutRefusal ? error.fault : 'unavailable'
}
