"""Another right answer: functional layers, the trace of the Gram matrix, normal equations for the projector, momentum on the raw digits."""

import torch
import torch.nn.functional as F
from torch import nn


class Autoencoder(nn.Module):
    def __init__(self, n_features, n_code, tied=False, activation="identity"):
        super().__init__()
        self.code_of = {"identity": lambda z: z, "sigmoid": torch.sigmoid}.get(activation)
        if self.code_of is None:
            raise ValueError(activation)
        shapes = {"weight": (n_code, n_features), "bias": (n_code,), "decoder_bias": (n_features,)}
        if not tied:
            shapes["decoder_weight"] = (n_features, n_code)
        for name, shape in shapes.items():
            value = torch.zeros(shape)
            if len(shape) == 2:
                nn.init.normal_(value, std=n_features**-0.5)
            self.register_parameter(name, nn.Parameter(value))

    def columns(self):
        return self.decoder_weight if hasattr(self, "decoder_weight") else self.weight.t()

    def encode(self, x):
        return self.code_of(F.linear(x, self.weight, self.bias))

    def decode(self, code):
        return F.linear(code, self.columns(), self.decoder_bias)

    def forward(self, x):
        return self.decode(self.encode(x))


def reconstruction_loss(x, reconstruction):
    return x.shape[1] * F.mse_loss(reconstruction, x)


def train_step(model, x, learning_rate):
    parameters = list(model.parameters())
    loss = reconstruction_loss(x, model(x))
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.data.sub_(gradient, alpha=learning_rate)
    return float(loss.detach())


def projector(model):
    D = model.columns().detach()
    return D @ torch.linalg.solve(D.T @ D, D.T)


def fit(x, n_code, tied=False):
    model = Autoencoder(x.shape[1], n_code, tied).to(x)
    model.decoder_bias.data.copy_(x.mean(dim=0))
    parameters = list(model.parameters())
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    for _ in range(300):
        gradients = torch.autograd.grad(reconstruction_loss(x, model(x)), parameters)
        for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
            velocity.mul_(0.9).sub_(gradient, alpha=0.02)
            parameter.data.add_(velocity)
    return model
