"""Another right answer: templates by flattening lists, scores in one padded batch for each label, calibration in plain probabilities."""

import torch
from torch import nn


def fill(template, text, masks, mask_token):
    where = list(template).index("mask")
    front, back = list(template[:where]), list(template[where + 1 :])

    def spread(parts):
        return [token for part in parts for token in (list(text) if part == "text" else [part])]

    head = spread(front)
    return head + [mask_token] * masks + spread(back), [len(head) + i for i in range(masks)]


def label_scores(model, template, text, verbaliser, mask_token):
    device = model.embed.weight.device
    result = []
    for words in verbaliser:
        filled = [fill(template, text, len(word), mask_token) for word in words]
        longest = max(len(tokens) for tokens, _ in filled)
        mask = torch.tensor([[i < len(tokens) for i in range(longest)] for tokens, _ in filled], device=device)
        batch = torch.tensor([tokens + [0] * (longest - len(tokens)) for tokens, _ in filled], device=device)
        logits = model(model.embed(batch), mask)
        logs = logits - torch.logsumexp(logits, dim=-1, keepdim=True)
        scores = []
        for row, (word, (_, places)) in enumerate(zip(words, filled, strict=True)):
            total = sum(logs[row, place, token] for place, token in zip(places, word, strict=True))
            scores.append(total / len(word))
        result.append(sum(scores) / len(scores))
    return torch.stack(result).detach()


def calibrate(scores, neutral):
    log_prior = torch.logsumexp(torch.log_softmax(neutral, dim=-1), dim=0) - torch.log(torch.tensor(float(len(neutral))))
    log_ratio = torch.log_softmax(scores, dim=-1) - log_prior
    return torch.exp(log_ratio - torch.logsumexp(log_ratio, dim=-1, keepdim=True))


class SoftPrompt(nn.Module):
    def __init__(self, model, tokens):
        super().__init__()
        for parameter in model.parameters():
            parameter.requires_grad = False
        self.model = model
        self.prompt = nn.Parameter(torch.stack([model.embed.weight[int(token)] for token in tokens]))

    def forward(self, tokens, mask):
        n = self.prompt.shape[0]
        front = self.prompt[None].repeat(tokens.shape[0], 1, 1)
        seen = torch.nn.functional.pad(mask, (n, 0), value=True)
        return self.model(torch.cat((front, self.model.embed(tokens)), dim=1), seen)[:, n:]


def tune(soft, tokens, mask, places, targets, steps, learning_rate):
    losses = []
    for _ in range(steps):
        soft.prompt.grad = None
        logits = soft(tokens, mask).gather(1, places[:, None, None].expand(-1, 1, soft.model.embed.num_embeddings))[:, 0]
        loss = -torch.log_softmax(logits, dim=-1).gather(1, targets[:, None]).mean()
        loss.backward()
        soft.prompt.data.sub_(learning_rate * soft.prompt.grad)
        losses.append(float(loss))
    return losses
