namespace Paws.Model

open TorchSharp

/// Operators between a tensor and a number. TorchSharp wraps the number in an object of its own and hands its address to
/// libtorch; a garbage collection during the call may free it, and the operator then reads whatever is there: seen once in
/// about a million calls of parallel tests, and silent when another number lies there. `use` keeps it to the end of the call.
/// Sums of tensors are here too: TorchSharp multiplies their second operand by such a number, a hidden 1. With one core for
/// the trainer and the collector that went wrong within three minutes of training.
[<RequireQualifiedAccess>]
module Scalars =

    // Held by the module, so never collected.
    let private zero = (0L).ToScalar()
    let private one = (1L).ToScalar()

    /// x + y.
    let add (x: torch.Tensor) (y: torch.Tensor) : torch.Tensor = x.add (y, one)

    /// x + y, written over x.
    let addTo (x: torch.Tensor) (y: torch.Tensor) : torch.Tensor = x.add_ (y, one)

    /// x + value.
    let shift (value: float) (x: torch.Tensor) : torch.Tensor =
        use value = value.ToScalar()
        x.add (value, one)

    /// One more, in place; x of any type.
    let increment (x: torch.Tensor) : unit = x.add_ (one, one) |> ignore

    /// value · x.
    let multiply (value: float) (x: torch.Tensor) : torch.Tensor =
        use value = value.ToScalar()
        x.mul value

    /// value · x, written over x.
    let multiplyTo (value: float) (x: torch.Tensor) : torch.Tensor =
        use value = value.ToScalar()
        x.mul_ value

    /// x / value.
    let divide (value: float) (x: torch.Tensor) : torch.Tensor =
        use value = value.ToScalar()
        x.div value

    /// x to the power of the exponent.
    let power (exponent: float) (x: torch.Tensor) : torch.Tensor =
        use exponent = exponent.ToScalar()
        x.pow exponent

    /// x · x. TorchSharp's own square is a power with a hidden 2.
    let square (x: torch.Tensor) : torch.Tensor = x.mul x

    /// The one number of a tensor of any type, on any device. Reads memory: TorchSharp's ToDouble goes by way of a number object.
    let value (x: torch.Tensor) : float =
        use scope = torch.NewDisposeScope()
        x.detach().cpu().to_type(torch.float64).item<float>()

    /// The larger of x and the value; no gradient where x is the smaller.
    let clampMin (value: float) (x: torch.Tensor) : torch.Tensor =
        use value = value.ToScalar()
        x.clamp_min value

    /// Where x < value.
    let less (value: float) (x: torch.Tensor) : torch.Tensor =
        use value = value.ToScalar()
        x.lt value

    /// Where x ≥ value; false where x is not a number.
    let atLeast (value: float) (x: torch.Tensor) : torch.Tensor =
        use value = value.ToScalar()
        x.ge value

    /// x with the value where the mask is true.
    let maskedFill (mask: torch.Tensor) (value: float) (x: torch.Tensor) : torch.Tensor =
        use value = value.ToScalar()
        x.masked_fill (mask, value)

    /// A tensor of the shape filled with the value.
    let full (shape: int64[]) (value: float) (dtype: torch.ScalarType) (device: torch.Device) : torch.Tensor =
        use value = value.ToScalar()
        torch.full (shape, value, dtype = dtype, device = device)

    /// 0, 1, …, count − 1 in int64.
    let range (count: int64) (device: torch.Device) : torch.Tensor =
        use count = count.ToScalar()
        torch.arange (zero, count, one, dtype = torch.int64, device = device)
