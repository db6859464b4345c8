namespace Paws.Model

// Addresses of native memory: the point of this file. Tensors outlive every use (the optimiser owns or is given them).
#nowarn "9" "51"

open System
open System.Numerics
open System.Runtime.InteropServices
open TorchSharp

/// Flat CPU buffers as vectors, for optimiser passes that touch memory once. Segments begin at multiples of 16 elements
/// and padding is zero, so whole vectors cover a segment and an update computes 0 from 0 in the padding.
[<RequireQualifiedAccess>]
module internal VectorPass =

    /// Address of a contiguous CPU tensor's first element, valid as long as its storage lives.
    let address (flat: torch.Tensor) =
        use head = flat.narrow (0L, 0L, 16L)
        let bytes = head.bytes
        &&MemoryMarshal.GetReference bytes |> NativeInterop.NativePtr.toNativeInt

    /// The vectors of one segment at that address.
    let vectors<'T when 'T: unmanaged and 'T: struct and 'T :> ValueType and 'T: (new: unit -> 'T)>
        (address: nativeint)
        (segment: Segment)
        =
        let lanes = int64 Vector<'T>.Count
        let start = address + nativeint (segment.Offset * int64 sizeof<'T>)
        let count = (segment.Count + lanes - 1L) / lanes

        Span<Vector<'T>>(start.ToPointer(), int count)

    /// Vectors summed in the element type before their sum goes into a double.
    [<Literal>]
    let private Block = 64

    /// Σ x² in double precision over blocks of 64 vectors: relative error below 1e-6 in float32.
    let sumOfSquares<'T when 'T: struct and 'T :> ValueType and 'T: (new: unit -> 'T) and 'T :> INumber<'T>> (x: Span<Vector<'T>>) =
        let mutable total = 0.0
        let mutable start = 0

        while start < x.Length do
            let stop = min x.Length (start + Block)
            let mutable sum = Vector<'T>.Zero

            for i in start .. stop - 1 do
                sum <- sum + x[i] * x[i]

            total <- total + Double.CreateTruncating(Vector.Sum sum)
            start <- stop

        total
