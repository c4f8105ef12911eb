//! ONNX models to TOSA model files.
