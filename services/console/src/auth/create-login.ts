import type { ConsoleConfig } from '../config.ts';
import type { Login } from './login.ts';
import { createNoLogin } from './no-login.ts';

export function createLogin(config: Pick<ConsoleConfig, 'login' | 'roles'>): Login {
  switch (config.login) {
    case 'none':
      return createNoLogin(config.roles);
    case 'basic':
    case 'oidc':
      throw new TypeError(`CONSOLE_LOGIN=${config.login} comes with the next commits`);
  }
}
