namespace Paws.Model

open TorchSharp

/// Checks at the public doors: one line that names the value, its range and what it was.
[<RequireQualifiedAccess>]
module internal Checks =

    let fail (message: string) : unit =
        raise (System.ArgumentException message)

    let positive name (value: float) =
        if not (value > 0.0 && value < infinity) then
            fail $"{name} must be in (0, ∞), got {value}"

    let notNegative name (value: float) =
        if not (value >= 0.0 && value < infinity) then
            fail $"{name} must be in [0, ∞), got {value}"

    let unitInterval name (value: float) =
        if not (value > 0.0 && value <= 1.0) then
            fail $"{name} must be in (0, 1], got {value}"

    let atLeast least name (value: int) =
        if value < least then
            fail $"{name} must be at least {least}, got {value}"

    let matrix name (x: torch.Tensor) =
        if x.dim () <> 2L then
            fail $"{name} must be a matrix, got {x.dim ()} dimensions"

    let vector name (expected: int64) (x: torch.Tensor) =
        if x.dim () <> 1L || x.shape[0] <> expected then
            fail $"{name} must be a vector of {expected}, got {System.String.Join('×', x.shape)}"

    let rows name (expected: int64) (x: torch.Tensor) =
        matrix name x

        if x.shape[0] <> expected then
            fail $"{name} must have {expected} rows, got {x.shape[0]}"

    let sameWidth name (x: torch.Tensor) otherName (other: torch.Tensor) =
        if x.shape[1] <> other.shape[1] then
            fail $"{name} must be as wide as {otherName}: {x.shape[1]} and {other.shape[1]} columns"
