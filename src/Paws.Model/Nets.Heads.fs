namespace Paws.Model

open TorchSharp

/// Projection head: trunk features [n,in] → embeddings h [n,out].
/// Three linear layers, the first two of trunk width and followed by batch-norm and ReLU; of two layers the middle one is left
/// out, and the others keep their names.
[<Sealed>]
type ProjectionHead(registry: TensorRegistry, inputs: int, outputs: int, layers: int) =
    let fc1 = Linear(registry, "fc.fc1", inputs, inputs)
    let bn1 = BatchNorm(registry, "fc.bn1", inputs, 0.1)

    let middle =
        if layers = 3 then
            let fc2 = Linear(registry, "fc.fc2", inputs, inputs)
            Some struct (fc2, BatchNorm(registry, "fc.bn2", inputs, 0.1))
        else
            None

    let fc3 = Linear(registry, "fc.fc3", inputs, outputs)

    /// The first layer alone (linear, batch-norm, ReLU), [n,in] → [n,in]: what fine-tuning keeps of the head.
    member _.First(pass: ForwardPass, x: torch.Tensor) = bn1.ForwardRelu(pass, fc1.Forward x)

    /// [n,in] → [n,out].
    member this.Forward(pass: ForwardPass, x: torch.Tensor) =
        let x = this.First(pass, x)

        match middle with
        | Some(fc2, bn2) -> fc3.Forward(bn2.ForwardRelu(pass, fc2.Forward x))
        | None -> fc3.Forward x

/// Prediction head: embeddings h [n,d] → anchors z [n,d] through a bottleneck of d/4.
[<Sealed>]
type PredictionHead(registry: TensorRegistry, width: int) =
    let bn1 = BatchNorm(registry, "pred.bn1", width, 0.1)
    let fc1 = Linear(registry, "pred.fc1", width, width / 4)
    let bn2 = BatchNorm(registry, "pred.bn2", width / 4, 0.1)
    let fc2 = Linear(registry, "pred.fc2", width / 4, width)

    /// [n,d] → [n,d].
    member _.Forward(pass: ForwardPass, x: torch.Tensor) =
        let x = fc1.Forward(bn1.Forward(pass, x))
        fc2.Forward(bn2.ForwardRelu(pass, x))
