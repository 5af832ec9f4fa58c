"""Another right answer: buffers made beforehand and changed in place, no class derived from another but for the base, one loop for each step."""

import math

import torch


class Base:
    def __init__(self, parameters, lr):
        self.lr = lr
        self.parameters = [*parameters]
        self.first = [torch.zeros_like(p).detach() for p in self.parameters]
        self.second = [torch.zeros_like(p).detach() for p in self.parameters]
        self.third = [torch.zeros_like(p).detach() for p in self.parameters]
        self.counts = [0 for _ in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        for i in range(len(self.parameters)):
            if self.parameters[i].grad is not None:
                self.counts[i] += 1
                with torch.no_grad():
                    self.move(self.parameters[i], self.parameters[i].grad.clone(), i)


class Adagrad(Base):
    def __init__(self, parameters, lr=0.01, eps=1e-10, weight_decay=0.0):
        super().__init__(parameters, lr)
        self.eps, self.decay = eps, weight_decay

    def move(self, p, g, i):
        g.add_(p, alpha=self.decay)
        self.first[i].addcmul_(g, g)
        p.addcdiv_(g, self.first[i].sqrt().add_(self.eps), value=-self.lr)


class RMSprop(Base):
    def __init__(self, parameters, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, centered=False):
        super().__init__(parameters, lr)
        self.alpha, self.eps, self.decay, self.centered = alpha, eps, weight_decay, centered

    def move(self, p, g, i):
        g.add_(p, alpha=self.decay)
        self.first[i].lerp_(g, 1 - self.alpha)
        self.second[i].lerp_(g * g, 1 - self.alpha)
        spread = self.second[i] - self.first[i].square() if self.centered else self.second[i]
        p -= self.lr * (g / (spread**0.5 + self.eps))


class Adam(Base):
    decoupled = False

    def __init__(self, parameters, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False):
        super().__init__(parameters, lr)
        self.betas, self.eps, self.decay, self.amsgrad = betas, eps, weight_decay, amsgrad

    def move(self, p, g, i):
        if self.decoupled:
            p -= self.lr * self.decay * p
        else:
            g += self.decay * p
        self.first[i].lerp_(g, 1 - self.betas[0])
        self.second[i].lerp_(g * g, 1 - self.betas[1])
        self.third[i] = torch.maximum(self.third[i], self.second[i])
        root = (self.third[i] if self.amsgrad else self.second[i]).sqrt() / math.sqrt(1 - self.betas[1] ** self.counts[i])
        p.addcdiv_(self.first[i], root + self.eps, value=-self.lr / (1 - self.betas[0] ** self.counts[i]))


class AdamW(Adam):
    decoupled = True

    def __init__(self, parameters, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, amsgrad=False):
        super().__init__(parameters, lr, betas, eps, weight_decay, amsgrad)
