import { render } from 'preact';
import { App } from './components/app.tsx';
import { openSession } from './engine-session.ts';
import { adapterMemory } from './state/adapter-memory.ts';
import { askedPlace } from './state/checkpoint-address.ts';
import { ChatController } from './state/chat-controller.ts';
import { DraftController } from './state/draft-controller.ts';
import { ModelController } from './state/model-controller.ts';
import { missingWebGpu } from './state/webgpu-support.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/loading.css';
import './styles/conversation.css';
import './styles/composer.css';
import './styles/panels.css';
import './styles/experts.css';
import './styles/dialogs.css';

const defaultPlace = new URL('checkpoint/', document.baseURI).href;
const asked = askedPlace(location.search, document.baseURI);

const model = new ModelController(
  openSession,
  adapterMemory(() => localStorage),
);
const chat = new ChatController({
  now: () => performance.now(),
  // Hidden pages draw no frames, but their answers go on.
  nextFrame: (task) => (document.hidden ? setTimeout(task, 100) : requestAnimationFrame(task)),
});
const missing = missingWebGpu(window);
if (missing === undefined) void model.load(asked ?? defaultPlace);

render(
  <App
    model={model}
    chat={chat}
    draft={new DraftController()}
    missingWebGpu={missing}
    defaultPlace={defaultPlace}
  />,
  document.getElementById('app')!,
);
